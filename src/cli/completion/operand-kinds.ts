/** What the operands and flags of verbs name, as data: completion asks the runtime for those. */

/** What stands at one place of a command line. */
export type OperandKind =
	| 'container'
	| 'runningContainer'
	| 'createdContainer'
	| 'pod'
	| 'image'
	| 'file'
	| 'shell'
	| 'verb'
	| 'none';

/** The kind of each operand of a verb; the last one counts for all that follow. */
export const operandKinds: Readonly<Record<string, readonly OperandKind[]>> = {
	exec: ['runningContainer', 'none'],
	attach: ['runningContainer', 'none'],
	logs: ['container', 'none'],
	inspect: ['container'],
	stats: ['runningContainer'],
	stop: ['runningContainer'],
	rm: ['container'],
	start: ['createdContainer'],
	update: ['runningContainer'],
	checkpoint: ['runningContainer'],
	inspectp: ['pod'],
	statsp: ['pod'],
	stopp: ['pod'],
	rmp: ['pod'],
	'port-forward': ['pod', 'none'],
	create: ['pod', 'file', 'file', 'none'],
	runp: ['file', 'none'],
	apply: ['file'],
	delete: ['file'],
	run: ['image', 'none'],
	images: ['image', 'none'],
	inspecti: ['image'],
	pull: ['image'],
	push: ['image'],
	rmi: ['image'],
	save: ['image'],
	tag: ['image'],
	untag: ['image'],
	load: ['file'],
	completion: ['shell', 'none'],
	help: ['verb', 'none'],
};

/** Flags whose value is an object or a file; others have choices, or anything. */
export const flagKinds: Readonly<Record<string, OperandKind>> = {
	pod: 'pod',
	id: 'container',
	image: 'image',
	'env-file': 'file',
	cidfile: 'file',
	filename: 'file',
	config: 'file',
	volume: 'file',
	'pod-config': 'file',
	input: 'file',
	'tls-ca': 'file',
	'tls-cert': 'file',
	'tls-key': 'file',
};

/** Values of flags that say themselves which there are only when they are read. */
export const flagValues: Readonly<Record<string, readonly string[]>> = {
	output: ['json', 'yaml', 'table', 'wide', 'go-template='],
	network: ['pod', 'host'],
	pid: ['private', 'pod', 'host'],
	ipc: ['pod', 'host'],
	'security-opt': ['no-new-privileges', 'seccomp=unconfined', 'apparmor=unconfined'],
};
