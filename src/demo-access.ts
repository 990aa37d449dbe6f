/** Lends the inspector the demo, which belongs to the command line. */
import type { DemoAccess } from './ui/effects/demo-step.ts';

/** All of it is loaded when it is first asked for: hardly anybody does. */
export const demoAccess: DemoAccess = {
	async start(client, tell, options) {
		const { busyboxPaths, readBusybox } = await import('./cli/demo/busybox.ts');
		const { bringDemo } = await import('./cli/demo/bring-demo.ts');
		const { listDemoPods, readDemoState } = await import('./cli/demo/demo-state.ts');
		const { bytes } = await readBusybox(busyboxPaths, options);
		await bringDemo(client, bytes, tell, options);
		const states = await readDemoState(client, await listDemoPods(client, options), options);
		const places = states.flatMap(({ name, url }) =>
			url === undefined ? [] : [`${name} answers at ${url}`],
		);
		return [`the demo runs ${states.length} pods`, ...places].join('; ');
	},
	async remove(client, tell, options) {
		const { clearDemo } = await import('./cli/demo/bring-demo.ts');
		const { pods, images } = await clearDemo(client, tell, options);
		return `the demo is gone: ${pods} pods, ${images} images and their logs`;
	},
};
