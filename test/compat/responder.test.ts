import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { freePort, type TestServer } from '../support/server.js';
import { Peer } from '../support/tcp.js';
import { startOld } from './old-application.js';

let server: TestServer;
let port: number;
let base: string;

beforeEach(async () => {
  port = await freePort();
  base = `http://127.0.0.1:${port}`;
  server = await startOld('responder', `[web]\nport=${port}\n`);
});

afterEach(() => server.stop());

/** A connection for each request: undici would keep it open beyond the test. */
function request(path: string, options: RequestInit = {}): Promise<Response> {
  return fetch(base + path, { ...options, headers: { connection: 'close', ...options.headers } });
}

test('a file is served with its type and tag, and not again when the tag is known', async () => {
  const response = await request('/index.html');
  const etag = `"${createHash('md5').update('<h1>Welcome</h1>\n').digest('hex')}"`;
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('<h1>Welcome</h1>\n');
  expect(response.headers.get('content-type')).toBe('text/html');
  expect(response.headers.get('etag')).toBe(etag);
  expect(Math.abs(Date.parse(response.headers.get('date') ?? '') - Date.now())).toBeLessThan(10_000);
  expect((await request('/index.html', { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('queries and forms are unescaped', async () => {
  const response = await request('/echo?name=J%C3%BCrgen+M&empty=&x=1', {
    method: 'POST',
    body: 'x=2&y=%26',
  });
  expect(await response.text()).toBe('empty=\nname=Jürgen M\nx=2\ny=&\n');
});

test('what is not there, or outside of the folder, or unknown, is refused', async () => {
  expect((await request('/missing.html')).status).toBe(404);
  expect((await request('/index.html', { method: 'DELETE' })).status).toBe(405);
  const peer = await Peer.connect(port);
  peer.send('GET /../main.lua HTTP/1.1\r\n\r\n');
  expect(await peer.readUntil('\r\n')).toBe('HTTP/1.1 404 Not Found\r\n');
  peer.close();
});

test('what is no request is answered and ends the connection', async () => {
  const peer = await Peer.connect(port);
  peer.send('hello\r\n\r\n');
  const answer = (await peer.readAll()).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\nbad request\n$/);
  peer.close();
});

test('pipelined requests, in pieces, are answered in order on one connection', async () => {
  const peer = await Peer.connect(port);
  const post = 'POST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\na=1';
  peer.send(`GET /echo?n=1 HTTP/1.1\r\n\r\n${post}GET /status HT`);
  for (const body of ['n=1\n', 'a=1\n']) {
    expect(await peer.readUntil('\r\n\r\n')).toContain(`Content-Length: ${body.length}\r\n`);
    expect((await peer.read(body.length)).toString()).toBe(body);
  }
  peer.send('TP/1.1\r\nConnection: Close\r\n\r\n');
  expect((await peer.readAll()).toString()).toMatch(/\r\n\r\nhits=3\nuptime=\d+\nclients=0\n$/);
  expect(server.log.texts('error')).toEqual([]);
  peer.close();
});
