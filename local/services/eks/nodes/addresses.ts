// Addresses of pods and load balancers: of the loopback network 127.0.0.0/8, which Linux has as a whole. Chosen at random, so
// that worlds beside each other on one machine do not meet.
import { randomInt } from 'node:crypto';

export const newAddress = (): string => `127.${randomInt(16, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
