import { Option } from 'commander';

export const mostListed = 10_000;
export const roles = ['none', 'viewer', 'editor', 'approver', 'operator', 'invoker', 'admin'];
export const roleOption = (): Option => new Option('--role <role>', 'what it may do').choices(roles);
