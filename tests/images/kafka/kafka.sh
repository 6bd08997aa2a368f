#!/usr/bin/env bash
# Stands under the names of Kafka's own scripts and takes the same variables: KAFKA_HEAP_OPTS, KAFKA_OPTS,
# KAFKA_JVM_PERFORMANCE_OPTS, KAFKA_LOG4J_OPTS, KAFKA_GC_LOG_OPTS, EXTRA_ARGS, LOG_DIR, CLASSPATH.
set -euo pipefail
home=/opt/kafka
heap=-Xmx256M
collect=()
case ${0##*/} in
  kafka-server-start.sh)
    class=kafka.Kafka heap='-Xmx1G -Xms1G'
    logs=${LOG_DIR:-$home/logs}
    mkdir -p "$logs"
    [[ ${EXTRA_ARGS--loggc} != *-loggc* ]] || collect=("${KAFKA_GC_LOG_OPTS:--Xlog:gc*:file=$logs/kafkaServer-gc.log:time,tags:filecount=10,filesize=100M}")
    ;;
  kafka-storage.sh) class=kafka.tools.StorageTool ;;
  kafka-topics.sh) class=org.apache.kafka.tools.TopicCommand ;;
  kafka-configs.sh) class=org.apache.kafka.tools.ConfigCommand ;;
  kafka-consumer-groups.sh) class=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
  kafka-broker-api-versions.sh) class=org.apache.kafka.tools.BrokerApiVersionsCommand ;;
  kafka-run-class.sh) class=${1:?a class}; shift ;;
  *) echo "${0##*/} is not in this image." >&2; exit 1 ;;
esac
# The options are words, parted by blanks, as in the distribution.
# shellcheck disable=SC2086
exec java ${KAFKA_HEAP_OPTS:-$heap} ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseG1GC -XX:MaxGCPauseMillis=20} "${collect[@]}" \
  ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$home/config/log4j2.properties} ${KAFKA_OPTS:-} \
  -cp "${CLASSPATH:+$CLASSPATH:}$home/libs/*" "$class" "$@"
