/**
 * A vitest reporter: appends what passed and failed, as one line of JSON, to the file $CRISCOPE_TEST_COUNTS names.
 * scripts/test.mjs adds up the runs. Without that variable it does nothing.
 */
import * as fs from 'node:fs';

export default class CountsReporter {
	onTestRunEnd(testModules, unhandledErrors) {
		const file = process.env.CRISCOPE_TEST_COUNTS;
		if (file === undefined) return;
		// An error outside every test fails the run, so it counts, or the closing line would lie.
		const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
		for (const testModule of testModules) {
			for (const testCase of testModule.children.allTests()) counts[testCase.result().state] += 1;
			// A file that does not load, or whose hooks failed, has failed without a failing test.
			const outsideTests = [testModule, ...testModule.children.allSuites()];
			if (outsideTests.some((suite) => suite.errors().length > 0)) counts.failed += 1;
		}
		fs.appendFileSync(file, `${JSON.stringify(counts)}\n`);
	}
}
