/**
 * Which runtime's built-in network has which subnet. One that was chosen can be seen in the kernel only once its bridge is there:
 * two runtimes on run roots of their own, which get their first pods at the same moment, would choose the same one.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../sys/errno.ts';

/** Lost with a reboot, like the bridges. */
export const subnetClaimsDir = '/run/criscope/subnets';

/** Between a claim and the configuration that makes it good lies a moment. */
const youngMs = 60_000;

/**
 * Takes a subnet for the network whose configuration is, or will be, in a file. A claim counts as long as that file has the subnet.
 * @param claimsDir made if need be; holds a link for each subnet, which leads to the file
 * @returns false where another runtime has it; true also where nobody can write claims: pods need a network all the same
 */
export function claimSubnet(claimsDir: string, subnet: string, configFile: string): boolean {
	const link = linkOf(claimsDir, subnet);
	for (let tries = 0; tries < 3; tries += 1) {
		try {
			mkdirSync(claimsDir, { recursive: true, mode: 0o755 });
			symlinkSync(configFile, link);
			return true;
		} catch (error) {
			if (errnoCode(error) !== 'EEXIST') return true;
		}
		try {
			const owner = readlinkSync(link);
			if (owner === configFile) return true;
			if (hasSubnet(owner, subnet) || Date.now() - lstatSync(link).mtimeMs < youngMs) return false;
			rmSync(link, { force: true });
		} catch (error) {
			// Given up by its owner at this moment, or no claim at all.
			if (errnoCode(error) !== 'ENOENT') return true;
		}
	}
	return false;
}

/** Gives up what is this file's; what is another's stays. Never throws. */
export function releaseSubnet(claimsDir: string, subnet: string, configFile: string): void {
	const link = linkOf(claimsDir, subnet);
	try {
		if (readlinkSync(link) === configFile) rmSync(link);
	} catch {
		// Never claimed.
	}
}

function hasSubnet(configFile: string, subnet: string): boolean {
	try {
		return readFileSync(configFile, 'utf8').includes(`"${subnet}"`);
	} catch {
		return false;
	}
}

function linkOf(claimsDir: string, subnet: string): string {
	return path.join(claimsDir, subnet.replace('/', '_'));
}
