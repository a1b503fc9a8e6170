/**
 * Schedules that do not simply run where the platform lives. `away`: in the other region, from where it is watched; `both`:
 * in both at any time. A failover switches the schedules of both regions by this table, and packaging begins with it.
 */
const ELSEWHERE: Record<string, 'away' | 'both'> = {
  assess: 'away',
  plan: 'away',
  // What a drill left is removed in either region; it begins where the platform does not live.
  drills: 'both',
  guard: 'both',
  'hold-dns': 'both',
  // Messages of either region are followed up there; a failover is told by the region that takes over.
  'follow-up': 'both',
  updates: 'both',
};

/** Whether a schedule is awake in a region, by whether the platform lives there. */
export const isAwake = (schedule: string, livesThere: boolean): boolean => {
  const where = Object.hasOwn(ELSEWHERE, schedule) ? ELSEWHERE[schedule] : 'home';
  return where === 'both' || livesThere === (where === 'home');
};
