/** The lists of RuntimeService: which RPC answers in which field, and what becomes of an item. */
import { mapContainer } from '../codec-container.ts';
import { mapPodSandbox } from '../codec-pod-sandbox.ts';
import { mapPodSandboxMetrics } from '../codec-runtime.ts';
import { mapContainerStats, mapPodSandboxStats } from '../codec-stats.ts';
import type { Connection } from './connection.ts';
import { createList } from './list-call.ts';

/** @returns the five lists of one connection. */
export function createRuntimeLists(connection: Connection) {
	return {
		podSandboxes: createList(connection, {
			unary: 'listPodSandbox',
			stream: 'streamPodSandboxes',
			unaryField: 'items',
			streamField: 'podSandboxes',
			map: mapPodSandbox,
			remembered: true,
		}),
		containers: createList(connection, {
			unary: 'listContainers',
			stream: 'streamContainers',
			unaryField: 'containers',
			streamField: 'containers',
			map: mapContainer,
			remembered: true,
		}),
		containerStats: createList(connection, {
			unary: 'listContainerStats',
			stream: 'streamContainerStats',
			unaryField: 'stats',
			streamField: 'containerStats',
			map: mapContainerStats,
			remembered: false,
		}),
		podSandboxStats: createList(connection, {
			unary: 'listPodSandboxStats',
			stream: 'streamPodSandboxStats',
			unaryField: 'stats',
			streamField: 'podSandboxStats',
			map: mapPodSandboxStats,
			remembered: false,
		}),
		podSandboxMetrics: createList(connection, {
			unary: 'listPodSandboxMetrics',
			stream: 'streamPodSandboxMetrics',
			unaryField: 'podMetrics',
			streamField: 'podSandboxMetrics',
			map: mapPodSandboxMetrics,
			remembered: false,
		}),
	};
}
