/** Shells, attached containers and port-forwards. */
export type SessionEffects = Record<never, never>;
