import { resourceOf } from '../resources/index.ts';
import type { InspectSubject, InspectTab } from '../store/slices/inspect.ts';

const endings: Readonly<Record<InspectTab, string>> = {
	summary: 'txt',
	yaml: 'yaml',
	json: 'json',
	layers: 'layers.txt',
};

/**
 * The file that saving offers: `./web-1-container.yaml`. A name is from outside and must not lead elsewhere, so
 * only letters, digits, dot, dash and underscore of it are kept.
 */
export function defaultSavePath({ list, name }: InspectSubject, tab: InspectTab): string {
	const plain = name
		.replace(/[^\w.-]+/gu, '-')
		.replace(/^[-.]+|[-.]+$/gu, '')
		.slice(0, 100);
	return `./${plain || 'unnamed'}-${resourceOf(list).noun}.${endings[tab]}`;
}
