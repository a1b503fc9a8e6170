// Preloaded into every pod's process: it ends with the node it runs on, however that ends. It finds names as the region's functions
// do. Plain Node.
import { resolveThrough } from '../../route53/lookups.ts';

const { LOCAL_NAME_SERVER: nameServer } = process.env;
delete process.env.LOCAL_NAME_SERVER;
if (nameServer) resolveThrough(nameServer);
process.on('disconnect', () => process.exit(137));
process.channel?.unref();
