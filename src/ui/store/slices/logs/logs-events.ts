import type { LogBusy, LogEntry, LogPattern, LogQuery, LogSource, LogTarget } from './logs-state.ts';

/** Lines that were read, tagged with the log they belong to; those of another session are dropped. */
type Read = { readonly session: number; readonly entries: readonly LogEntry[] };

/** What can happen in the log pane. */
export type LogsEvent =
	/** Another log, or none: the window empties and follows the end. */
	| {
			readonly kind: 'logTargetChosen';
			readonly target: LogTarget | undefined;
			readonly title: string;
			readonly sources: readonly string[];
			readonly source: LogSource;
	  }
	| { readonly kind: 'logSourceChanged'; readonly source: LogSource; readonly title?: string | undefined }
	| { readonly kind: 'logModeChosen'; readonly mode: 'container' | 'pod' }
	/** The newest lines, read while following; `reachedStart` when they are all there are. */
	| (Read & { readonly kind: 'logEndRead'; readonly reachedStart: boolean })
	/** Lines that came while following. */
	| (Read & { readonly kind: 'logLinesAppended' })
	/** Lines round the window, read because the view comes near its edge. */
	| (Read & {
			readonly kind: 'logPageRead';
			readonly direction: 'before' | 'after';
			readonly reachedEdge: boolean;
	  })
	/** Another place in the history; the entry at `cursor` is shown there. Releases the view. */
	| (Read & {
			readonly kind: 'logPlaceRead';
			readonly cursor: number;
			readonly placement: 'top' | 'middle' | 'keep';
			readonly reachedStart: boolean;
			readonly reachedEnd: boolean;
	  })
	/** A line of the window is gone to. */
	| { readonly kind: 'logEntryChosen'; readonly session: number; readonly key: string }
	/** Lines were written that the released view does not show. */
	| { readonly kind: 'logGrew'; readonly session: number; readonly count: number; readonly more: boolean }
	| { readonly kind: 'logPositionMeasured'; readonly percent: number; readonly totalBytes: number }
	| {
			readonly kind: 'logFilesChanged';
			readonly problem: string | undefined;
			readonly remark?: string | undefined;
	  }
	| { readonly kind: 'logBusyChanged'; readonly busy: LogBusy | undefined }
	| { readonly kind: 'logCursorMoved'; readonly lines: number }
	| { readonly kind: 'logScrolled'; readonly rows: number }
	| { readonly kind: 'logPaged'; readonly pages: number }
	| { readonly kind: 'logEndTaken' }
	| { readonly kind: 'logFollowToggled' }
	| { readonly kind: 'logMovedSideways'; readonly cells: number }
	| { readonly kind: 'logViewToggled'; readonly what: 'wrap' | 'json' | 'timestamps' }
	| { readonly kind: 'logQueryChanged'; readonly query: Partial<LogQuery> }
	| { readonly kind: 'logSearchChanged'; readonly pattern: LogPattern | undefined }
	/** A pattern was accepted; it is offered again. */
	| { readonly kind: 'logPatternTyped'; readonly text: string }
	| { readonly kind: 'logMatchesCounted'; readonly text: string; readonly matches: number }
	| { readonly kind: 'logMarkToggled' }
	| { readonly kind: 'logRangeToggled' }
	| { readonly kind: 'logMarksCleared' }
	| { readonly kind: 'logLineExpanded' };
