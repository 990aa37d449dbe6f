/** Fetching what the inspect view shows. */
export type InspectEffects = Record<never, never>;
