/**
 * The address bar's hash as wouter's location, with the query inside the hash: `#/search/new?twin=…`. wouter's own hash
 * hook moves the query in front of the hash, where it would outlive the page it belongs to.
 */
import { useSyncExternalStore } from 'react';

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

const hash = (): string => window.location.hash.replace(/^#?\/?/, '');
const currentPath = (): string => `/${hash().split('?')[0] ?? ''}`;
const currentSearch = (): string => hash().split('?')[1] ?? '';

/** Goes to a path such as `/stimuli/abc` or `/search/new?twin=v1`. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const before = window.location.href;
  const url = new URL(before);
  url.hash = `#/${to.replace(/^#?\/?/, '')}`;
  if (url.href === before) return;
  window.history[options.replace === true ? 'replaceState' : 'pushState'](null, '', url.href);
  window.dispatchEvent(new HashChangeEvent('hashchange', { oldURL: before, newURL: url.href }));
}

export function useHashLocation(): [string, typeof navigate] {
  return [useSyncExternalStore(subscribe, currentPath), navigate];
}
useHashLocation.hrefs = (href: string): string => `#${href}`;

export function useHashSearch(): string {
  return useSyncExternalStore(subscribe, currentSearch);
}
