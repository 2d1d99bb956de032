/** Compute as a forked child process: the IPC channel is the port. */
import { fromIpc } from '../rpc/transports.ts';
import { runAsChild } from './compute.ts';

runAsChild(fromIpc(process));
