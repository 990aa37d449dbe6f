import type { ListId } from '../store/state.ts';
import { containersResource } from './containers.ts';
import { imagesResource } from './images.ts';
import { podsResource } from './pods.ts';
import type { Resource } from './resource.ts';
import type { Row } from './rows.ts';

/** The kinds of objects that have a list, one line each. */
const table = { pods: podsResource, containers: containersResource, images: imagesResource };

/** The kind that a list shows, seen as a list of any rows: who has the list's rows has the right ones. */
export function resourceOf(list: ListId): Resource<Row> {
	return table[list] as unknown as Resource<Row>;
}
