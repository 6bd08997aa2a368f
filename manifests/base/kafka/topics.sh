# The topics of the product, unless they are there. A topic is never changed here.
set -euo pipefail
echo "Waiting for Kafka"
until (: >/dev/tcp/kafka/9092) 2>/dev/null; do sleep 1; done
topic() {
  /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:9092 --create --if-not-exists \
    --topic "$1" --partitions "$2" --config max.message.bytes=8388608
}
topic erp.currencies.v1 6
topic erp.dealers.v1 6
topic erp.products.v1 6
topic erp.returns.v1 6
topic erp.sales.v1 6
topic erp.units.v1 6
topic erp.dead-letters.v1 1
