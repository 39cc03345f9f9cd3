#!/usr/bin/env bash
# A Spark Connect server with executors of its own, on this machine, for tests: packages only, nothing below the repository.
#
#   tests/spark/server.sh install        Spark from its Python package (490 MB) and Java 17, once
#   tests/spark/server.sh installed      whether that was done
#   tests/spark/server.sh start PORT [EXECUTORS] [MB]   starts, waits until the port answers, prints the process id
#   tests/spark/server.sh executors PORT process ids of the executors of the server at PORT
#   tests/spark/server.sh stop PORT      stops that server and its executors, by process id
#
# PATRONAGE_SPARK_TOKEN: the token it wants to see. _JAVA: options of its Java, `_CONF`: more of spark-submit's. _PARTITIONS: of a
# shuffle [4].
set -euo pipefail

version=4.3.0
home="${PATRONAGE_SPARK_HOME:-$HOME/.cache/patronage-spark}"
state="${TMPDIR:-/tmp}/patronage-spark-$(id -u)"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

installed() {
    [ -x "$home/pyspark/bin/spark-submit" ] && command -v java >/dev/null
}

install() {
    command -v java >/dev/null || as_root apt-get install -y -qq openjdk-17-jre-headless
    [ -x "$home/pyspark/bin/spark-submit" ] ||
        python3 -m pip install --quiet --disable-pip-version-check --no-deps --target "$home" "pyspark==$version"
}

# All processes below a process.
below() {
    local child
    for child in $(ps -o pid= --ppid "$1"); do
        echo "$child"
        below "$child"
    done
}

start() {
    local port="$1" executors="${2:-2}" megabytes="${3:-1024}" folder="$state/$1"
    rm -rf "$folder"
    mkdir -p "$folder"
    local token=()
    if [ -n "${PATRONAGE_SPARK_TOKEN:-}" ]; then
        token=(--conf "spark.connect.authenticate.token=$PATRONAGE_SPARK_TOKEN")
    fi
    # A server of tests is young: a third of its work would be to make itself fast for later.
    local java="${PATRONAGE_SPARK_JAVA--XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC}"
    # An answer is cut off after two seconds, where a server would after two minutes, so that every test attaches again.
    (
        cd "$folder"
        export SPARK_HOME="$home/pyspark" SPARK_LOCAL_IP=127.0.0.1 SPARK_NO_DAEMONIZE=1 SPARK_LOCAL_DIRS="$folder"
        export SPARK_WORKER_DIR="$folder"
        exec "$SPARK_HOME/bin/spark-submit" \
            --class org.apache.spark.sql.connect.service.SparkConnectServer \
            --master "local-cluster[$executors,1,$megabytes]" --driver-memory 2g \
            --driver-java-options "$java" --conf "spark.executor.extraJavaOptions=$java" \
            --conf "spark.executor.memory=${megabytes}m" --conf spark.executor.cores=1 \
            --conf spark.ui.enabled=false \
            --conf spark.connect.grpc.binding.address=127.0.0.1 --conf "spark.connect.grpc.binding.port=$port" \
            --conf spark.connect.execute.reattachable.senderMaxStreamDuration=2s \
            --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 \
            --conf spark.sql.shuffle.partitions="${PATRONAGE_SPARK_PARTITIONS:-4}" \
            "${token[@]}" ${PATRONAGE_SPARK_CONF:-} \
            spark-internal >"$folder/log" 2>&1 </dev/null
    ) &
    local server=$!
    echo "$server" >"$folder/pid"
    for _ in $(seq 240); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            echo "$server"
            return
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.5
    done
    tail -5 "$folder/log" >&2
    echo "server.sh: Spark did not start; its log is $folder/log" >&2
    exit 1
}

executors() {
    for process in $(below "$(cat "$state/$1/pid")"); do
        if tr '\0' ' ' <"/proc/$process/cmdline" 2>/dev/null | grep -q '^[^ ]*java .*CoarseGrainedExecutorBackend'; then
            echo "$process"
        fi
    done
}

stop() {
    local server
    server="$(cat "$state/$1/pid" 2>/dev/null)" || return 0
    # shellcheck disable=SC2046 # several process ids are several words
    kill $(below "$server") "$server" 2>/dev/null || true
    # The port is free when the process is gone.
    for _ in $(seq 100); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$server" 2>/dev/null || true
    rm -rf "${state:?}/$1"
}

case "${1:-}" in
install) install ;;
installed) installed ;;
start | executors | stop) "$@" ;;
*)
    sed -n '2,11p' "$0" >&2
    exit 2
    ;;
esac
