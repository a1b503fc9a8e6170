// What has to be looked at after a failover, as data. Sixty points in six groups; each says who looks: this service by the
// named test, a person (the question is asked by message), or nobody, with the reason.

export const TESTS = [
  'database answers',
  'database checks',
  'orphans',
  'references',
  'recent rows',
  'row counts',
  'corruption',
  'slots',
  'cache restored',
  'streams restored',
  'workloads ready',
  'endpoints healthy',
  'endpoints fast',
  'names point here',
  'schedules run',
  'backup begun',
  'vault readable',
  'secrets readable',
  'encrypted at rest',
  'encrypted in transit',
  'certificates',
  'metrics arrive',
  'alarms act',
  'old primary fenced',
  'time line kept',
] as const;
export type TestName = (typeof TESTS)[number];

export type By = { test: TestName } | { person: string } | { nobody: string };

export interface Point {
  group: 'infrastructure' | 'application' | 'data' | 'monitoring' | 'security' | 'business';
  title: string;
  by: By;
}

const test = (name: TestName): By => ({ test: name });
const person = (question: string): By => ({ person: question });
const nobody = (reason: string): By => ({ nobody: reason });

const group = (name: Point['group'], points: [string, By][]): Point[] =>
  points.map(([title, by]) => ({ group: name, title, by }));

export const CHECKLIST: readonly Point[] = [
  ...group('infrastructure', [
    ['cluster and its nodes carry the workloads', test('workloads ready')],
    ['database answers and takes writes', test('database answers')],
    ['cache answers', test('cache restored')],
    ['stream brokers are healthy', test('streams restored')],
    ['load balancers reach ready workloads', test('endpoints healthy')],
    [
      'capacity can grow as it did in the other region',
      person('Are the limits of node groups and auto scaling here as high as in the region that was lost?'),
    ],
    [
      'network rules admit customers and nobody else',
      person('Do the security groups here equal those of the region that was lost?'),
    ],
    ['roles and their permissions work', test('time line kept')],
    ['keys can be used', test('vault readable')],
    ['private connections to partners are up', person('Do peerings and private links to partners lead here?')],
  ]),
  ...group('application', [
    ['every pod is ready', test('workloads ready')],
    ['health checks pass', test('endpoints healthy')],
    ['interfaces answer within their time', test('endpoints fast')],
    ['customers can log in', person('Log in with the test customer: does it work?')],
    ['permissions hold', person('Is a customer still refused what belongs to another one?')],
    ['sessions survive between requests', test('cache restored')],
    ['the cache hits as often as usual', person('Is the hit rate of the cache as it was?')],
    ['consumers go on where they were', test('streams restored')],
    ['background work goes on', person('Do the background workers take jobs?')],
    ['what runs on a schedule runs', test('schedules run')],
  ]),
  ...group('data', [
    ['configured checks of the database pass', test('database checks')],
    ['no row points to nothing', test('orphans')],
    ['foreign keys are enforced', test('references')],
    ['the newest transactions are there', test('recent rows')],
    ['row counts are as expected', test('row counts')],
    ['artefacts in the vault can be read and match', test('vault readable')],
    ['the database finds no corruption', test('corruption')],
    ['replication is fast enough', nobody('nothing replicates from here until the way back is prepared')],
    ['backups are taken here now', test('backup begun')],
    ['change data capture has its slots', test('slots')],
  ]),
  ...group('monitoring', [
    ['metrics arrive here', test('metrics arrive')],
    ['logs are kept', person('Do the log groups of the workloads here fill?')],
    ['alarms act here', test('alarms act')],
    ['dashboards show this region', person('Does the dashboard of this region show the load?')],
    ['traces arrive', person('Do traces of orders arrive?')],
    ['agents report', person('Do the monitoring agents of the nodes report?')],
    ['probes from outside pass', test('endpoints healthy')],
    ['the status page says what is true', person('Is the status page updated?')],
    ['the incident has its record', test('time line kept')],
    ['on-call is told', person('Did the messages of this failover reach on-call?')],
  ]),
  ...group('security', [
    ['certificates are valid', test('certificates')],
    ['secrets can be read', test('secrets readable')],
    ['data is encrypted at rest', test('encrypted at rest')],
    ['connections are encrypted', test('encrypted in transit')],
    ['the web application firewall is on', person('Is the firewall attached to the load balancers here?')],
    ['protection against floods is on', person('Are the load balancers here under the same protection?')],
    [
      'nothing is open that was closed',
      person('Does no security group here admit the whole world beyond the public ports?'),
    ],
    ['the audit trail goes on', person('Does CloudTrail record this region?')],
    ['the old primary takes no writes', test('old primary fenced')],
    ['the time line is evidence', test('time line kept')],
  ]),
  ...group('business', [
    ['orders are taken', person('Place a test order: does it go through?')],
    ['payments are taken', person('Pay the test order: does the provider accept this region?')],
    ['customers can register', person('Register a test customer: does it work?')],
    ['products can be seen', test('endpoints healthy')],
    ['search finds', person('Does the search find the test product?')],
    ['e-mail goes out', person('Did the confirmation of the test order arrive?')],
    ['text messages go out', person('Did the text message of the test order arrive?')],
    ['stock is counted', person('Did the test order reduce the stock?')],
    ['reports can be made', person('Does the daily report run here?')],
    ["customers' names lead here", test('names point here')],
  ]),
];
