/** The queue of the storm delivers twice and out of order, and loses nothing by that. */
import { expect, it } from "vitest";
import { createRedelivery } from "../../storm/delivery/redelivery.ts";
import type { Fault } from "../../storm/delivery/schedule.ts";
import type { Weather } from "../../storm/delivery/weather.ts";

function redeliver(fault: Fault) {
  let weather: Weather = { strikes: (asked) => asked === fault, struck: new Map() };
  const queue = createRedelivery(
    () => weather,
    () => 0,
  );
  const receive = (...ids: readonly string[]) => {
    const body = Buffer.from(JSON.stringify({ Messages: ids.map((MessageId) => ({ MessageId })) }));
    const answer = queue.deliver({ status: 200, body });
    const { Messages } = JSON.parse(answer.body.toString()) as {
      readonly Messages: readonly { MessageId: string }[];
    };
    return Messages.map(({ MessageId }) => MessageId);
  };
  const heal = () => {
    weather = { strikes: () => false, struck: new Map() };
  };
  return { queue, receive, heal };
}

it("gives messages again in a later answer", () => {
  const { queue, receive, heal } = redeliver("poller receive twice");
  expect(receive("a", "b")).toEqual(["a", "b"]);
  heal();
  expect(receive("c")).toEqual(["a", "b", "c"]);
  expect(receive()).toEqual([]);
  expect(queue).toMatchObject({ repeated: 2, overtaken: 0 });
});

it("lets younger messages overtake", () => {
  const { queue, receive, heal } = redeliver("poller receive out of order");
  expect(receive("a", "b")).toEqual([]);
  heal();
  expect(receive("c")).toEqual(["a", "b", "c"]);
  expect(queue).toMatchObject({ repeated: 0, overtaken: 2 });
});

it("never gives more than ten at a time", () => {
  const { receive, heal } = redeliver("poller receive twice");
  const ten = Array.from({ length: 10 }, (_, index) => String(index));
  receive(...ten);
  heal();
  expect(receive("x", "y")).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "x", "y"]);
  expect(receive()).toEqual(["8", "9"]);
});
