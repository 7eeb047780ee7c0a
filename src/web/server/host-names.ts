/** Where a server can be reached: the names and ports of a Host header that it answers to. */

/** A Host header in parts (RFC 9110, section 7.2). */
interface HostHeader {
  /** In lower case; an IPv6 address without its brackets. */
  readonly name: string;
  /** 80 where there is none. */
  readonly port: number;
}

/** The parts of a Host header; undefined where it has another form. */
export function parseHost(header: string): HostHeader | undefined {
  const [, inner, name = inner, port = '80'] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_.-]+))(?::(\d{1,5}))?$/i.exec(header) ?? [];
  return name === undefined ? undefined : { name: name.toLowerCase(), port: Number(port) };
}

/** Whether an address or name reaches this machine alone. */
export function isLoopback(name: string): boolean {
  return /^(localhost|::1|(::ffff:)?127(\.\d{1,3}){3})$/i.test(name);
}

/** Whether a name is an address: no page can come from it by a name that it has made point elsewhere. */
function isAddress(name: string): boolean {
  return name.includes(':') || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

/** What a server listens to. */
interface Listener {
  /** As asked for: an address or a name. */
  readonly host: string;
  /** As bound; undefined before that, when any is right. */
  readonly port: number | undefined;
}

/**
 * Whether a server answers to a Host header. One on a loopback address answers to its own names and its own port; one that
 * listens to others to any name, or, where some are allowed, to those and to addresses. An allowed name may have a port,
 * which must then be the same, and may begin with a dot, which stands for all names that end so; `*` stands for all names.
 */
export function answersTo(
  header: string,
  { host, port }: Listener,
  allowedHosts: readonly string[],
): boolean {
  const asked = parseHost(header);
  if (!asked) return false;
  if (allowedHosts.some((allowed) => isAllowed(asked, allowed))) return true;
  const isOwnPort = port === undefined || asked.port === port;
  if (isOwnPort && (asked.name === host.toLowerCase() || isLoopback(asked.name))) return true;
  return !isLoopback(host) && (allowedHosts.length === 0 || isAddress(asked.name));
}

function isAllowed({ name, port }: HostHeader, allowed: string): boolean {
  if (allowed === '*') return true;
  if (allowed.startsWith('.')) return name.endsWith(allowed) || name === allowed.slice(1);
  const wanted = parseHost(allowed);
  if (!wanted) return false;
  const namesPort = /\]?:\d+$/.test(allowed.replace(/^\[.*\]/, ''));
  return name === wanted.name && (!namesPort || port === wanted.port);
}
