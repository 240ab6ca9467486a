// The baseline: what zeromq.js does when nothing is done. Answers every request with so many bytes.
import { Router } from 'zeromq';

let reply = Buffer.alloc(200, 'x');
process.on('message', ({ bytes }: { bytes: number }) => {
  reply = Buffer.alloc(bytes, 'x');
  process.send?.('set');
});

const socket = new Router();
await socket.bind('tcp://127.0.0.1:*');
process.send?.({ endpoint: socket.lastEndpoint });
for await (const [peer, delimiter] of socket) await socket.send([peer ?? '', delimiter ?? '', reply]);
