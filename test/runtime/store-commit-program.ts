/** A program to be killed: opens a store, stages an image, says so, and commits and removes it for ever. */
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitRecordByHand, stageByHand } from '../helpers/commit-by-hand.ts';
import { smallImage } from '../helpers/stock-images.ts';

const [graphRoot = '', runRoot = '', name = ''] = process.argv.slice(2);
const image = smallImage(name);
const store: Store = await openStore({ sys: loadLibc(), graphRoot, runRoot });
for (;;) {
	const layers = await stageByHand(store, image);
	process.stdout.write('ready\n');
	await store.commitLayers(layers);
	await commitRecordByHand(store, image, [`localhost/${name}:1`]);
	await store.removeImage(image.imageId);
}
