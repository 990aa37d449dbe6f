/** The program when its first word is `banner`: a bundle of its own, since 300 ms have no room for a load of anything else. */
import { exitWith } from './exit-with.ts';
import { startBanner } from './start-banner.ts';

await exitWith(() => startBanner(process.argv.slice(3)));
