/** Pulling images in the background. */
export type PullEffects = Record<never, never>;
