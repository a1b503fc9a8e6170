// A message as Slack's incoming webhooks take it: {text, blocks}. Limits of Block Kit, 2026-11: header 150 characters,
// text of a section 3000, of a field 2000, 10 fields.
import { type Notice, subjectOf, textOf } from '../../shared/notify/message.ts';

/** Slack reads these three as mark-up ("Formatting text for app surfaces", 2026-11). */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Cut before it is escaped, so that no entity is cut in two; five characters are the longest entity. */
const cut = (text: string, length: number): string => {
  const whole = escaped(text);
  return whole.length <= length ? whole : `${escaped(text.slice(0, Math.floor((length - 4) / 5)))} ...`;
};

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
const field = (name: string, value: string) => ({ type: 'mrkdwn', text: `*${name}*\n${cut(value, 1900)}` });

export const slackMessage = (notice: Notice): object => ({
  text: escaped(subjectOf(notice)),
  blocks: [
    { type: 'header', text: { type: 'plain_text', text: subjectOf(notice).slice(0, 150) } },
    ...(notice.wording === 'customer' ? [section(cut(textOf(notice), 2900))] : internalBlocks(notice)),
  ],
});

const internalBlocks = (notice: Notice): object[] => {
  const { source, since, region, recoveryPoint, repeats, impact, evidence, next, nextUpdate, acknowledge, id } = notice;
  return [
    {
      type: 'section',
      fields: [
        field('Source', source),
        field('Since', since),
        field('Region', region),
        ...(recoveryPoint ? [field('Point', recoveryPoint)] : []),
        ...(repeats ? [field('Repeats', String(repeats))] : []),
        ...(nextUpdate ? [field('Update', nextUpdate)] : []),
      ],
    },
    section(`*Impact*\n${cut(impact, 2900)}`),
    ...(evidence.length ? [section(`*Evidence*\n${cut(evidence.map((line) => `• ${line}`).join('\n'), 2900)}`)] : []),
    section(`*Next*\n${cut(next, 2900)}`),
    ...(acknowledge
      ? [section(`*Acknowledge before ${acknowledge.before}*\n\`\`\`${cut(acknowledge.command, 2800)}\`\`\``)]
      : []),
    ...(id ? [{ type: 'context', elements: [{ type: 'mrkdwn', text: cut(id, 1900) }] }] : []),
  ];
};
