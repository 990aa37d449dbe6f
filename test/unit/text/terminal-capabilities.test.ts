import { describe, expect, it } from 'vitest';
import { detectCapabilities } from '../../../src/text/terminal-capabilities.ts';

describe('detectCapabilities', () => {
	it.each([
		['xterm', {}, { colors: '16', synchronized: true, alternateScreen: true, mouse: true, osc52: true }],
		['xterm-256color', {}, { colors: '256' }],
		['xterm-256color', { COLORTERM: 'truecolor' }, { colors: 'truecolor', styledUnderline: true }],
		['xterm-kitty', {}, { colors: 'truecolor' }],
		['xterm-ghostty', {}, { colors: 'truecolor', cursorAddressing: true }],
		['xterm-256color', { NO_COLOR: '1' }, { colors: 'none', alternateScreen: true }],
		['xterm-256color', { NO_COLOR: '' }, { colors: '256' }],
		['xterm-256color', { TMUX: '/tmp/x,1,0' }, { synchronized: false, multiplexer: 'tmux' }],
		['tmux-256color', {}, { colors: '256', synchronized: false, multiplexer: 'tmux' }],
		['screen', {}, { colors: '16', synchronized: false, multiplexer: 'screen', mouse: true }],
		['screen-256color', { TMUX: 'x' }, { multiplexer: 'tmux' }],
		['linux', {}, { colors: '16', synchronized: false, alternateScreen: false, mouse: false, osc52: false }],
		['vt100', {}, { colors: 'none', alternateScreen: false, cursorAddressing: true, synchronized: false }],
		['dumb', {}, { colors: 'none', cursorAddressing: false }],
		['', {}, { term: 'dumb', cursorAddressing: false }],
		['something-new', {}, { colors: '16', cursorAddressing: true, synchronized: false }],
	] as const)('TERM=%s with %o', (term, env, wanted) => {
		expect(detectCapabilities({ TERM: term, ...env }, true)).toMatchObject(wanted);
	});

	it.each([
		[{ LANG: 'en_US.UTF-8' }, true],
		[{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, false],
		[{ LC_ALL: '', LC_CTYPE: 'UTF-8', LANG: 'C' }, true],
		[{ LANG: 'de_DE.utf8' }, true],
		[{ LANG: 'en_US.ISO-8859-1' }, false],
		[{}, false],
	])('the locale %o has Unicode: %s', (env, unicode) => {
		expect(detectCapabilities({ TERM: 'xterm', ...env }, true).unicode).toBe(unicode);
	});

	it('expects nothing of what is no terminal', () => {
		expect(detectCapabilities({ TERM: 'xterm-256color', COLORTERM: 'truecolor' }, false)).toMatchObject({
			colors: 'none',
			cursorAddressing: false,
			alternateScreen: false,
		});
	});
});
