/** Reading, following and searching log files for the log pane. */
export type LogEffects = Record<never, never>;
