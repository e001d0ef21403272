/**
 * The shapes that the benchmark passes around: what a row is, what a round measures, what is reported.
 */

/** One server in one round. Times in microseconds, throughput per second. */
export interface Side {
  /** What the row compares, in its unit. */
  readonly figure: number;
  readonly throughput?: number;
  readonly p50?: number;
  readonly p99?: number;
  /** Part of one core that the server was busy, 0 to 1. */
  readonly busy?: number;
}

export interface Round {
  readonly ours: Side;
  readonly bare?: Side;
  /** Another peer, where it is installed. */
  readonly peer?: Side;
  /** Part of one core that the load generator was busy while it drove the bare server. */
  readonly generatorBusy?: number;
  /** Cores that others used meanwhile. */
  readonly disturbance?: number;
  /** Ours in relation to what it is compared with; left out when there is nothing. */
  readonly ratio?: number;
}

/** Nothing was measured, and why. */
export interface Skipped {
  readonly skipped: string;
}

export interface Target {
  /** `ratio`: of ours to bare; `figure`: ours alone. */
  readonly of: 'ratio' | 'figure';
  readonly atMost?: number;
  readonly atLeast?: number;
}

export interface Row {
  readonly name: string;
  readonly work: string;
  /** What the figure is: "CPU per message". */
  readonly measure: string;
  readonly unit: string;
  readonly target: Target;
  /** What the bare column holds, when it is not the bare server. */
  readonly reference?: string;
  /** Rows that take long are measured less often. */
  readonly maxRounds?: number;
  /** How many where nobody says; rows that go up and down from one round to the next take more. Default: `ROUNDS`. */
  readonly usualRounds?: number;
  round(context: Context): Promise<Round | Skipped>;
}

export interface Context {
  readonly lua: '5.4' | '5.1';
  readonly quick: boolean;
  /** Server and load generator each on a core of its own. */
  readonly pin: boolean;
  /** Folder for CPU profiles of ours. */
  readonly profile?: string;
}

/** A row after its rounds: medians. */
export interface Result {
  readonly name: string;
  readonly work: string;
  readonly measure: string;
  readonly unit: string;
  readonly reference: string;
  readonly target: Target;
  readonly rounds: readonly Round[];
  readonly ours?: Side;
  readonly bare?: Side;
  readonly peer?: Side;
  readonly generatorBusy?: number;
  readonly disturbance?: number;
  readonly ratio?: number;
  readonly met?: boolean;
  readonly skipped?: string;
}

export interface Environment {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly commit: string;
  readonly lua: string;
}

export interface Report {
  readonly environment: Environment;
  readonly results: readonly Result[];
}

/** What a load generator measured. */
export interface Load {
  readonly messages: number;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Of the generator's own process, microseconds. */
  readonly cpu: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** What went wrong, by kind: "ECONNREFUSED" → 2. */
  readonly failures: Readonly<Record<string, number>>;
}

/** A running server, whichever. */
export interface Server {
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until it served, milliseconds. */
  readonly upAfter: number;
  /** CPU time used so far, user and system, microseconds. */
  cpu(): Promise<number>;
  /** Resident memory, bytes. */
  memory(): Promise<number>;
  stop(): Promise<void>;
}

/** What a load generator offers for one server that it has been pointed at. */
export interface Workload {
  /** Keeps the server busy for `ms` and comes back when nothing is under way any more. */
  run(ms: number): Promise<{ messages: number; failures?: Record<string, number> }>;
  close(): void;
}
