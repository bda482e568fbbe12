/**
 * Short exclusive leases on streams that several processes fight over. A courtesy that ends races: correctness is the
 * expected revision's work, so a lease that is lost or cannot be had costs a race, never a wrong answer.
 */
export interface StreamLeases {
  /** Waits for the lease, at most `waitMs`; resolves to what gives it back, or to undefined when it could not be had. */
  acquire(stream: string, waitMs: number): Promise<(() => void) | undefined>;
  close(): Promise<void>;
}
