/// <reference path="../../node_modules/node-pty/node-pty.d.ts" />

/** @lydell/node-pty, installed under the name node-pty, declares itself under its own name only. */
declare module 'node-pty' {
	export * from '@lydell/node-pty';
}
