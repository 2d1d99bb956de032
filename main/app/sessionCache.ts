/** Loaded sessions, kept for the next request that wants them. */

/** A session that is not released before its holder lets it go. */
export type Held<Session> = { session: Session; letGo(): void };

export type Hold<Request, Session> = (request: Request) => Promise<Held<Session>>;

export type SessionCache<Request, Session> = {
  /** For work of several requests; whoever holds it lets it go, once. */
  hold: Hold<Request, Session>;
  /** Loads the session where it is not loaded, and keeps it until `work` is over. */
  use<T>(request: Request, work: (session: Session) => Promise<T>): Promise<T>;
};

/**
 * @param most how many are kept. Beyond that the one not used for longest is released, but never one that is in use: where
 * all are, there are more for as long.
 */
export function createSessionCache<Request, Session>(options: {
  most: number;
  keyOf(request: Request): string;
  open(request: Request): Promise<Session>;
  release(session: Session): Promise<void>;
}): SessionCache<Request, Session> {
  type Entry = { opening: Promise<Session>; users: number };
  /** The order of insertion is the order of use: the one not used for longest stands first. */
  const entries = new Map<string, Entry>();

  function touch(key: string, entry: Entry): void {
    entries.delete(key);
    entries.set(key, entry);
  }

  function makeRoom(): void {
    for (const [key, { opening, users }] of entries) {
      if (entries.size <= options.most) return;
      if (users > 0) continue;
      entries.delete(key);
      void opening.then(options.release).catch(() => undefined);
    }
  }

  async function hold(request: Request): Promise<Held<Session>> {
    const key = options.keyOf(request);
    const entry = entries.get(key) ?? { opening: options.open(request), users: 0 };
    entry.users += 1;
    touch(key, entry);
    makeRoom();
    try {
      const session = await entry.opening;
      return {
        session,
        letGo() {
          entry.users -= 1;
          touch(key, entry);
          makeRoom();
        },
      };
    } catch (error) {
      // The next request tries anew; another may have done so already.
      if (entries.get(key) === entry) entries.delete(key);
      throw error;
    }
  }

  return {
    hold,
    async use(request, work) {
      const { session, letGo } = await hold(request);
      try {
        return await work(session);
      } finally {
        letGo();
      }
    },
  };
}

/** All that one piece of work holds; what it still asks for once it has let go is let go at once. */
export function holdsOf<Request, Session>(
  sessions: SessionCache<Request, Session>,
): { hold: Hold<Request, Session>; letGo(): void } {
  const holds = new Set<Held<Session>>();
  let over = false;
  const release = (held: Held<Session>): void => {
    if (holds.delete(held)) held.letGo();
  };
  const letGo = (): void => {
    over = true;
    for (const held of holds) release(held);
  };
  const hold: Hold<Request, Session> = async (request) => {
    const held = await sessions.hold(request);
    holds.add(held);
    if (over) letGo();
    return { session: held.session, letGo: () => release(held) };
  };
  return { hold, letGo };
}
