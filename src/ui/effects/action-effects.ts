/** Changes to the node: stop, kill, remove, prune. */
export type ActionEffects = Record<never, never>;
