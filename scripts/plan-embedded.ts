/**
 * Prints what `criscope` with these arguments is about to do about the embedded runtime: `start` it, `leave` it alone, or
 * `refused` where only root may. Run by the project's own Node (scripts/start.mjs).
 */
import { findCommand, parseArguments } from '../src/arguments.ts';
import { planEmbedded } from '../src/embedded-runtime.ts';
import { readConfig, readOnlyOf } from '../src/read-config.ts';
import { chooseRuntime } from '../src/runtime-access.ts';

async function plan(args: readonly string[]): Promise<string> {
	const command = findCommand(args);
	if (command?.word === 'serve') return 'start';
	// Verbs start it as well; `npm start` is the way to the inspector and its demo, `bin/criscope` to the others.
	if (command !== undefined && command.word !== 'demo') return 'leave';
	const options = parseArguments(command?.before ?? args);
	// A snapshot tells what is there, and starts nothing.
	if (options.help || options.version || options.once || options.json) return 'leave';
	const config = await readConfig(options);
	if (readOnlyOf(options, config, { mayLift: true }).enabled) return 'leave';
	const choice = await chooseRuntime(options, config.runtime);
	return (await planEmbedded(choice, { env: process.env, readOnly: false })).kind;
}

// Wrong arguments and files are for the program itself to name.
console.log(await plan(process.argv.slice(2)).catch(() => 'leave'));
