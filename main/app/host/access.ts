/** Who may talk to the loopback host: the browser that was given the address Twinscope printed, and nobody else. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { addressOf } from './http.ts';

export type Verdict = 'allowed' | 'exchange' | 'locked' | 'foreign';

export interface Access {
  readonly token: string;
  /** Judges a request by its Host, Origin, cookie and token; tells nothing about why to the one who asks. */
  judge(request: IncomingMessage): Verdict;
  /** Uses up the token and returns the Set-Cookie line that stands for it from now on. */
  exchange(): string;
}

/** `port` keeps the cookies of two hosts on one machine apart, because browsers do not. */
export function createAccess(port: () => number): Access {
  const token = randomBytes(32).toString('base64url');
  const session = randomBytes(32).toString('base64url');
  let tokenUsed = false;
  const cookieName = (): string => `twinscope-${port()}`;
  return {
    token,
    judge(request) {
      if (!ownHost(request) || !ownOrigin(request)) return 'foreign';
      const cookie = cookies(request).get(cookieName());
      const known = cookie !== undefined && equal(cookie, session);
      const offered = addressOf(request).searchParams.get('token');
      if (offered !== null && request.method === 'GET') {
        if (known) return 'exchange';
        return !tokenUsed && equal(offered, token) ? 'exchange' : 'locked';
      }
      return known ? 'allowed' : 'locked';
    },
    exchange() {
      tokenUsed = true;
      return `${cookieName()}=${session}; HttpOnly; SameSite=Strict; Path=/`;
    },
  };
}

/**
 * A page of somebody else's can make its own name point at 127.0.0.1 (DNS rebinding), but not change the Host header.
 * The port is not compared: an SSH tunnel may give the workbench another one.
 */
function ownHost(request: IncomingMessage): boolean {
  const host = request.headers.host ?? '';
  return /^(127\.0\.0\.1|localhost)(:\d{1,5})?$/i.test(host);
}

/** What changes something, and every socket, must come from a page of this very host. */
function ownOrigin(request: IncomingMessage): boolean {
  const { origin } = request.headers;
  const reading = request.method === 'GET' || request.method === 'HEAD';
  const upgrading = request.headers.upgrade !== undefined;
  if (origin === undefined) return reading && !upgrading;
  return origin.toLowerCase() === `http://${request.headers.host?.toLowerCase()}`;
}

function cookies(request: IncomingMessage): Map<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** Compares without telling by its duration how much was right. */
function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
