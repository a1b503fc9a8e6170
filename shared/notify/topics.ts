/** Topics by severity and purpose. */
export const TOPICS = ['critical', 'warning', 'info', 'verification', 'cost', 'disaster'] as const;
export type Topic = (typeof TOPICS)[number];

/** SNS knows subscribers of topics, not of messages: audiences and levels of escalation have topics of their own. */
export const audienceTopic = (audience: string): string => `audience-${audience}`;
export const escalationTopic = (level: number): string => `escalation-${level}`;
