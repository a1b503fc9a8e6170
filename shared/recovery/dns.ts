import { isIPv4 } from 'node:net';

/** A target that is an address makes an A record, a host name a CNAME. */
export const recordType = (target: string): 'A' | 'CNAME' => (isIPv4(target) ? 'A' : 'CNAME');
