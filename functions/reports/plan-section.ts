// The newest plan of a failover out of the region the platform lives in: what people should know on a quiet day.
import { runbookKey } from '../../shared/recovery/plan.ts';
import { type Html, html } from './html.ts';
import type { PlanReport } from './plan-gathering.ts';
import { time } from './words.ts';

/** Older than this, what it says may be another deployment's. */
const STALE_MS = 8 * 86_400_000;

export const planSection = ({ plan, vault }: PlanReport, at: string): Html => {
  const stale = Date.parse(at) - Date.parse(plan.at) > STALE_MS;
  return html`<section>
<h2>A failover to ${plan.to}, as planned ${time(plan.at)} UTC</h2>
${stale ? html`<p class="bad">This plan is more than a week old.</p>` : undefined}
<ul>${plan.headline.map((line) => html`<li class="${/^[A-Z]{2,}/.test(line) ? 'bad' : ''}">${line}</li>`)}</ul>
<p class="sub">Runbook: <code>s3://${vault}/${runbookKey(plan.to)}</code></p>
</section>`;
};
