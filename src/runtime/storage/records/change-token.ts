/**
 * The 64 bytes in a lock file that say who changed the records last. Readers compare them with the ones they saw, so every
 * change needs bytes never seen before. Source: c/storage pkg/lockfile: time, counter, pid, random.
 */
import { randomBytes } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { nowNanos } from '../../sys/clock.ts';

const tokenBytes = 64;

/** Reads the token of a lock file; empty where nobody has written one. */
export function readChangeToken(descriptor: number): string {
	const bytes = Buffer.alloc(tokenBytes);
	return bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, tokenBytes, 0));
}

/**
 * Writes a new token. To be done before the records are replaced: were we killed in between, others would read the old
 * records once more, and not miss the new ones.
 */
export function writeChangeToken(descriptor: number): string {
	const bytes = randomBytes(tokenBytes);
	bytes.writeBigUInt64LE(nowNanos(), 0);
	// Bytes 8 to 15 are a counter in c/storage; random ones differ just as well.
	bytes.writeUInt32LE(process.pid, 16);
	writeSync(descriptor, bytes, 0, tokenBytes, 0);
	return bytes.toString('latin1');
}
