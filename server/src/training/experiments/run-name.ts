import { randomInt } from 'node:crypto';

const adjectives =
  'able amber ample bold brave breezy bright brisk calm candid clear clever cool crisp deep eager early fair fast fine firm fleet fond frank fresh gentle glad golden grand handy hardy keen kind lively loyal lucid mellow merry mild neat nimble noble open patient placid plain polite proud quick quiet rapid ready rich rosy serene sharp sleek smooth snug solid steady still sunny swift tidy true vast vivid warm wise witty'.split(
    ' ',
  );
const animals =
  'auk bass bear bee bison boar bream carp cat cod colt conch crab crane crow deer dove duck eagle eel egret elk fawn finch fish fox frog gnat goat goose grebe gull hare hawk hen heron horse ibis jay kite koi lamb lark loon lynx mare mink mole moose moth mouse newt orca otter owl perch pike plover puma quail ram raven ray robin seal shad shark sheep shrew skink snail snipe sole stag stork swan teal tern toad trout tuna vole whale wolf wren'.split(
    ' ',
  );

const pick = (list: readonly string[]): string => list[randomInt(list.length)] ?? '';

/** For runs nobody named: `brisk-heron-412`. */
export const newRunName = (): string => `${pick(adjectives)}-${pick(animals)}-${randomInt(1000)}`;
