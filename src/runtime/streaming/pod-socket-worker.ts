/**
 * The thread that makes sockets inside pods: it enters a pod's network namespace, makes a socket there, and comes back.
 * All of that is synchronous, takes microseconds, and moves no other thread. Source: setns(2), network_namespaces(7)
 */
import { closeSync, openSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { loadNamespaceCalls } from '../sys/libc-namespaces.ts';
import type { PodSocketReply, PodSocketRequest } from './pod-dialer.ts';

const calls = loadNamespaceCalls();
const home = openSync('/proc/thread-self/ns/net', 'r');

function makeSocket(request: PodSocketRequest): number {
	const namespace = openSync(request.netnsPath, 'r');
	try {
		calls.enter(namespace, 'net');
	} finally {
		closeSync(namespace);
	}
	try {
		return calls.tcpSocket(request.family);
	} finally {
		// A thread that cannot come back must not serve another pod: what this throws ends it.
		comeBack();
	}
}

function comeBack(): void {
	try {
		calls.enter(home, 'net');
	} catch (error) {
		queueMicrotask(() => {
			throw error;
		});
	}
}

parentPort?.on('message', (request: PodSocketRequest) => {
	let reply: PodSocketReply;
	try {
		reply = { number: request.number, descriptor: makeSocket(request) };
	} catch (error) {
		reply = { number: request.number, failure: error instanceof Error ? error.message : String(error) };
	}
	parentPort?.postMessage(reply);
});
parentPort?.postMessage('loaded');
