// The phase that sends customers to this region: by the switches of the two regions, or by changed records. It is done when
// every name leads here.
import { settings } from '../../shared/config/settings.ts';
import { type Lead, leadsOf, type Move, movesTo, stillAway } from './dns-names.ts';
import { changeRecords } from './dns-records.ts';
import { throwSwitch } from './dns-switches.ts';
import { holdEpoch } from './epoch.ts';
import type { PhaseContext, Step } from './phases.ts';

/** CloudWatch decides an alarm's data by the minute, and resolvers remember for the records' time to live. */
const WAIT_SECONDS = 15;

/** @throws {DnsControlPlaneSilent} {DnsChangeRefused} where records are to be changed. */
export const switchDns = async (context: PhaseContext): Promise<Step> => {
  const { dns } = context.plan;
  if (!dns) return { done: true, facts: { mode: 'none' } };
  const moves = movesTo(settings().role, dns);
  if (context.rehearsal) return { done: true, facts: { mode: dns.mode, rehearsal: true, names: await namesOf(moves) } };
  const notYet = (found: string): Step => ({ done: false, waitSeconds: WAIT_SECONDS, found });

  if (dns.mode === 'records') {
    const change = await changeRecords(context.failoverId, dns, moves);
    const leads = await leadsOf(moves);
    if (!change.inSync) return notYet(`${change.found}; ${stillAway(leads)}`);
    const { changeId } = change;
    return leads.every(({ arrived }) => arrived) ? done(dns.mode, leads, { changeId }) : notYet(stillAway(leads));
  }
  const { epoch } = await holdEpoch(context.failoverId);
  const { settled, found } = await throwSwitch(epoch, context.failoverId);
  const leads = await leadsOf(moves);
  return leads.every(({ arrived }) => arrived)
    ? done(dns.mode, leads, { settled, otherRegion: found })
    : notYet(stillAway(leads));
};

const done = (mode: string, leads: Lead[], facts: Record<string, string | boolean>): Step => ({
  done: true,
  facts: { mode, ...facts, names: leads.map(({ name, target, addresses }) => ({ name, target, addresses })) },
});

/** Of a rehearsal: where the names lead, and where they would be sent. Nothing is touched. */
const namesOf = async (moves: Move[]) =>
  (await leadsOf(moves)).map(({ name, target, addresses }) => ({ name, addresses, wouldLeadTo: target }));
