import { type Html, html } from './html.ts';
import type { MessagesOfKind } from './messages.ts';
import { count, time } from './words.ts';

/** Every message of the week is counted here, sent or folded: none is missing because it came too often. */
export const messagesSection = (messages: readonly MessagesOfKind[]): Html => {
  const total = messages.reduce((sum, { count: of }) => sum + of, 0);
  return html`<section>
<h2>What was told</h2>
${
  total === 0
    ? html`<p>Nothing was told in the last seven days.</p>`
    : html`<p>${count(total)} messages in seven days, each counted, whether it was sent or folded into another.</p>
<div class="scroll"><table class="checks"><thead><tr><th scope="col">Day</th><th scope="col">Source</th><th scope="col">Kind</th><th scope="col" class="figure">Count</th><th scope="col">First and last (UTC)</th><th scope="col">What</th></tr></thead><tbody>${messages.map(row)}</tbody></table></div>`
}
</section>`;
};

const row = ({ day, region, source, kind, count: of, first, last, what }: MessagesOfKind): Html =>
  html`<tr><td data-name="Day">${day}</td><td data-name="Source">${source} (${region})</td><td data-name="Kind">${kind}</td><td data-name="Count" class="figure">${count(of)}</td><td data-name="First and last">${time(first).slice(11)}${last === first ? '' : ` to ${time(last).slice(11)}`}</td><td data-name="What">${what}</td></tr>`;
