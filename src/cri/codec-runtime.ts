/** Answers about the runtime itself: version, status, configuration, events, metrics. */
import { mapContainerStatus } from './codec-container.ts';
import {
	mapList,
	mapOptional,
	readBigint,
	readEnum,
	readFlag,
	readMessage,
	readStringMap,
	readText,
	readTexts,
	readWrapped,
	type WireMessage,
} from './codec-fields.ts';
import { mapPodSandboxStatus } from './codec-pod-sandbox.ts';
import { containerId, podSandboxId } from './ids.ts';
import type {
	CgroupDriver,
	ContainerEvent,
	ContainerEventType,
	Metric,
	MetricDescriptor,
	PodSandboxMetrics,
	RuntimeConfig,
	RuntimeStatus,
	RuntimeVersion,
} from './model.ts';

const eventTypes = new Map<unknown, ContainerEventType>([
	['CONTAINER_CREATED_EVENT', 'created'],
	['CONTAINER_STARTED_EVENT', 'started'],
	['CONTAINER_STOPPED_EVENT', 'stopped'],
	['CONTAINER_DELETED_EVENT', 'deleted'],
]);
const cgroupDrivers = new Map<unknown, CgroupDriver>([
	['SYSTEMD', 'systemd'],
	['CGROUPFS', 'cgroupfs'],
]);
const metricTypes = new Map<unknown, 'counter' | 'gauge'>([
	['COUNTER', 'counter'],
	['GAUGE', 'gauge'],
	[0, 'counter'],
	[1, 'gauge'],
]);

/** Source: message VersionResponse. */
export function mapVersion(wire: WireMessage): RuntimeVersion {
	return {
		version: readText(wire['version']),
		runtimeName: readText(wire['runtimeName']),
		runtimeVersion: readText(wire['runtimeVersion']),
		runtimeApiVersion: readText(wire['runtimeApiVersion']),
	};
}

/** Source: message VersionResponse. */
export function versionToWire(version: RuntimeVersion): WireMessage {
	return { ...version };
}

/** Source: message StatusResponse. */
export function mapStatus(wire: WireMessage): RuntimeStatus {
	return {
		conditions: mapList(readMessage(wire['status'])['conditions'], (condition) => ({
			type: readText(condition['type']),
			status: readFlag(condition['status']),
			reason: readText(condition['reason']),
			message: readText(condition['message']),
		})),
		runtimeHandlers: mapList(wire['runtimeHandlers'], (handler) => {
			const features = readMessage(handler['features']);
			return {
				name: readText(handler['name']),
				recursiveReadOnlyMounts: readFlag(features['recursiveReadOnlyMounts']),
				userNamespaces: readFlag(features['userNamespaces']),
			};
		}),
		supplementalGroupsPolicy: readFlag(readMessage(wire['features'])['supplementalGroupsPolicy']),
		info: readStringMap(wire['info']),
	};
}

/** Source: message StatusResponse. */
export function statusToWire(status: RuntimeStatus): WireMessage {
	return {
		status: { conditions: status.conditions },
		runtimeHandlers: status.runtimeHandlers.map(({ name, ...features }) => ({ name, features })),
		features: { supplementalGroupsPolicy: status.supplementalGroupsPolicy },
		info: status.info,
	};
}

/** Source: message RuntimeConfigResponse. */
export function mapRuntimeConfig(wire: WireMessage): RuntimeConfig {
	return {
		cgroupDriver: mapOptional(wire['linux'], (linux) => readEnum(linux['cgroupDriver'], cgroupDrivers)),
	};
}

/** Source: message RuntimeConfigResponse. */
export function runtimeConfigToWire({ cgroupDriver }: RuntimeConfig): WireMessage {
	return { linux: cgroupDriver === undefined ? null : { cgroupDriver: cgroupDriver.toUpperCase() } };
}

/** Source: message ContainerEventResponse. */
export function mapContainerEvent(wire: WireMessage): ContainerEvent {
	return {
		containerId: containerId(readText(wire['containerId'])),
		type: readEnum(wire['containerEventType'], eventTypes),
		createdAtNanos: readBigint(wire['createdAt']),
		podSandboxStatus: mapOptional(wire['podSandboxStatus'], (status) => mapPodSandboxStatus({ status })),
		containerStatuses: mapList(wire['containersStatuses'], (status) => mapContainerStatus({ status })),
	};
}

/** Source: message MetricDescriptor. */
export function mapMetricDescriptor(wire: WireMessage): MetricDescriptor {
	return {
		name: readText(wire['name']),
		help: readText(wire['help']),
		labelKeys: readTexts(wire['labelKeys']),
	};
}

/** Source: message PodSandboxMetrics. */
export function mapPodSandboxMetrics(wire: WireMessage): PodSandboxMetrics {
	return {
		podSandboxId: podSandboxId(readText(wire['podSandboxId'])),
		metrics: mapList(wire['metrics'], mapMetric),
		containers: mapList(wire['containerMetrics'], (container) => ({
			containerId: containerId(readText(container['containerId'])),
			metrics: mapList(container['metrics'], mapMetric),
		})),
	};
}

function mapMetric(wire: WireMessage): Metric {
	return {
		name: readText(wire['name']),
		timestampNanos: readBigint(wire['timestamp']),
		type: readEnum(wire['metricType'], metricTypes),
		labelValues: readTexts(wire['labelValues']),
		value: readWrapped(wire['value']),
	};
}
