const [second, minute, hour] = [1_000_000_000n, 60_000_000_000n, 3_600_000_000_000n];

/** How long ago something was, as crictl writes it in tables: `About a minute`. Source: github.com/docker/go-units, HumanDuration. */
export function humanDuration(nanos: bigint): string {
	const seconds = nanos / second;
	if (seconds < 1n) return 'Less than a second';
	if (seconds === 1n) return '1 second';
	if (seconds < 60n) return `${seconds} seconds`;
	const minutes = nanos / minute;
	if (minutes === 1n) return 'About a minute';
	if (minutes < 60n) return `${minutes} minutes`;
	const hours = (nanos + hour / 2n) / hour;
	if (hours === 1n) return 'About an hour';
	if (hours < 48n) return `${hours} hours`;
	if (hours < 24n * 14n) return `${hours / 24n} days`;
	if (hours < 24n * 60n) return `${hours / 24n / 7n} weeks`;
	if (hours < 24n * 365n * 2n) return `${hours / 24n / 30n} months`;
	return `${nanos / hour / 24n / 365n} years`;
}

/** The same with `ago`, of a moment; what the runtime does not tell is as long ago as the epoch, to crictl. */
export function agoText(atNanos: bigint | undefined, nowMs: number): string {
	return `${humanDuration(BigInt(Math.trunc(nowMs)) * 1_000_000n - (atNanos ?? 0n))} ago`;
}
