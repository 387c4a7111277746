/**
 * Answers as the exercise observer would, from a made-up world, so that the page can be worked on without
 * nodes: `npm run dev`, or `MOCK=ships npm run dev`. With `npm run preview` it serves the built page.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { World, type Said } from './world.ts';

const EVERY_MS = 500;

export function mockServer(): Plugin {
  const attach = (middlewares: Connect.Server) => {
    const world = new World(
      process.env.MOCK === 'ships' ? 'ships' : 'rocket',
      Number(process.env.SHIPS) || undefined,
    );
    const readers = new Set<ServerResponse>();
    const say = (said: readonly Said[]) => {
      const text = said.map(({ name, word }) => `event: ${name}\ndata: ${JSON.stringify(word)}\n\n`).join('');
      readers.forEach((reader) => reader.write(text));
    };
    let phase = '';
    setInterval(() => {
      say(world.pass(EVERY_MS / 1000));
      const now = world.state().phase;
      if (now !== phase) {
        phase = now;
        say([{ name: 'state', word: world.state() }]);
      }
    }, EVERY_MS).unref();
    middlewares.use('/session', (_request, answer) =>
      json(answer, 200, { exercise: true, signed_in: true, parties: world.state().parties }),
    );
    middlewares.use('/api/state', (_request, answer) => json(answer, 200, world.state()));
    middlewares.use('/api/stream', (request, answer) => {
      answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      answer.write(`event: state\ndata: ${JSON.stringify(world.state())}\n\n`);
      readers.add(answer);
      request.on('close', () => readers.delete(answer));
    });
    middlewares.use('/api/control', (request, answer) => {
      void body(request).then((asked) => {
        const error = world.control(asked as Record<string, never>);
        json(answer, error === null ? 200 : 400, error === null ? { ok: true } : { error });
        say([{ name: 'state', word: world.state() }]);
      });
    });
  };
  return {
    name: 'trilat-mock',
    configureServer: ({ middlewares }) => attach(middlewares),
    configurePreviewServer: ({ middlewares }) => attach(middlewares),
  };
}

function json(answer: ServerResponse, status: number, value: object): void {
  answer.writeHead(status, { 'Content-Type': 'application/json' });
  answer.end(JSON.stringify(value));
}

async function body(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
  }
  return JSON.parse(text || '{}');
}
