/**
 * The command: reads the arguments and starts what they ask for. Everything heavy is imported only when it is
 * needed, so that `--version` and the first frame come at once.
 */
import { findCommand, parseArguments } from './arguments.ts';
import { UsageError } from './cli/usage-error.ts';
import { exitWith } from './exit-with.ts';
import { detectCapabilities } from './text/terminal-capabilities.ts';

async function printHelp(word: string | undefined): Promise<number> {
	if (word === 'serve') return serve(['--help']);
	if (word !== undefined) {
		const { helpOfVerb } = await import('./cli/run-verb.ts');
		process.stdout.write(helpOfVerb(word));
		return 0;
	}
	const { helpText } = await import('./help-text.ts');
	process.stdout.write(helpText());
	return 0;
}

async function serve(args: readonly string[]): Promise<number> {
	const { startServe } = await import('./start-serve.ts');
	return startServe(args);
}

async function main(): Promise<number> {
	const args = process.argv.slice(2);
	const command = findCommand(args);
	if (!command) return inspector(args);
	const { word, before, after } = command;
	if (word === 'help') return printHelp(after.find((argument) => !argument.startsWith('-')));
	if (word === 'banner') {
		const { startBanner } = await import('./start-banner.ts');
		return startBanner([...before, ...after]);
	}
	if (word === 'serve') {
		if (before[0] !== undefined) throw new UsageError(`flag "${before[0]}" does not go before serve`);
		return serve(after);
	}
	const { startVerb } = await import('./start-verb.ts');
	return startVerb(command);
}

async function inspector(args: readonly string[]): Promise<number> {
	const options = parseArguments(args);
	if (options.help) return printHelp(undefined);
	if (options.version) {
		const { version } = await import('./version.ts');
		process.stdout.write(`criscope ${version}\n`);
		return 0;
	}
	const interactive = process.stdin.isTTY && process.stdout.isTTY;
	if (options.once || options.json || (!interactive && !options.plain)) {
		const { printSnapshot } = await import('./start-snapshot.ts');
		return printSnapshot(options);
	}
	// A terminal without a cursor to move (TERM=dumb, or none at all) gets the mode that needs none.
	if (options.plain || !detectCapabilities(process.env, true).cursorAddressing) {
		const { startPlain } = await import('./start-plain.ts');
		return startPlain(options);
	}
	const { startInspector } = await import('./start-inspector.ts');
	return startInspector(options);
}

await exitWith(main);
