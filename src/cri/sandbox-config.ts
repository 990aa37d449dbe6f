/**
 * What RunPodSandbox and CreateContainer are asked for. These stay in the shape of the protocol
 * (camelCase, every part optional), since who makes pods and containers mirrors the CRI field by field.
 * Source: messages PodSandboxConfig and ContainerConfig.
 */
import type { ContainerMetadata, PodSandboxMetadata, StringMap } from './model.ts';

/** A message of the protocol in its camelCase JSON form; int64 as a decimal string or bigint. */
export type ProtocolMessage = { readonly [field: string]: ProtocolValue };
/** A value of a protocol message. */
export type ProtocolValue =
	| string
	| number
	| bigint
	| boolean
	| Uint8Array
	| undefined
	| null
	| ProtocolMessage
	| readonly ProtocolValue[];

/** Source: message PodSandboxConfig. */
export type PodSandboxConfig = {
	readonly metadata: PodSandboxMetadata;
	readonly hostname?: string | undefined;
	readonly logDirectory?: string | undefined;
	readonly dnsConfig?: ProtocolMessage | undefined;
	readonly portMappings?: readonly ProtocolMessage[] | undefined;
	readonly labels?: StringMap | undefined;
	readonly annotations?: StringMap | undefined;
	readonly linux?: ProtocolMessage | undefined;
};

/** Source: message ContainerConfig. */
export type ContainerConfig = {
	readonly metadata: ContainerMetadata;
	readonly image: { readonly image: string; readonly userSpecifiedImage?: string | undefined };
	readonly command?: readonly string[] | undefined;
	readonly args?: readonly string[] | undefined;
	readonly workingDir?: string | undefined;
	readonly envs?: readonly ProtocolMessage[] | undefined;
	readonly mounts?: readonly ProtocolMessage[] | undefined;
	readonly devices?: readonly ProtocolMessage[] | undefined;
	readonly labels?: StringMap | undefined;
	readonly annotations?: StringMap | undefined;
	readonly logPath?: string | undefined;
	readonly stdin?: boolean | undefined;
	readonly stdinOnce?: boolean | undefined;
	readonly tty?: boolean | undefined;
	readonly linux?: ProtocolMessage | undefined;
};
