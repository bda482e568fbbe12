// Says after `npm test` what it did not run, and what each of that needs.
process.stdout.write(`
Left out: npm run test:enterprise (the flow tests again, over the double of EventStoreDB and Kafka), npm run test:kafka (a real Kafka broker: Java 17 and Maven), npm run test:faults (kills real processes, a Kafka broker among them; takes minutes), npm run test:acceptance (real usage data)${process.env.EVENTSTOREDB_URL ? '' : ', and a real EventStoreDB server (npm run test:eventstoredb; its double was used)'}.
`);
