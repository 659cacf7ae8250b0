# For either of Docker's builders. requirements/runtime.txt pins every package with its hashes. MXNet 1.9.1 has wheels for
# x86-64 and arm64 and nothing below names either, but only x86-64 is built and run by the tests.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS packages
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends gcc libc6-dev python3-pip
COPY requirements/runtime.txt /
RUN python3 -m pip install --quiet --no-cache-dir --no-compile --require-hashes --target /packages -r /runtime.txt
# What no job and no request opens: sources, headers, type stubs, tests, numpy's compilers, pyarrow's RPC and the second
# and third copy of its libraries, command-line programs, pip's for Windows. Compiled here because the file system may be read-only later;
# unchecked, so that the time stamps of a copy do not matter.
RUN cd /packages \
    && rm -rf bin mxnet/include mxnet/tools onnx/backend onnx/test numpy/core/include numpy/distutils numpy/f2py simdjson/*.cpp simdjson/*.h pip/_vendor/distlib/*.exe \
    && (cd pyarrow && rm -rf include src *flight* libarrow_python*.so libarrow_python*.so.*.*) \
    && find . -depth \( -type d -name tests -o -name '*.py[ix]' -o -name '*.px[di]' \) -exec rm -rf {} + \
    && python3 -m compileall -q -j 0 -x /pip/ --invalidation-mode unchecked-hash .
WORKDIR /program
COPY train serve entrypoint LICENSE ./
COPY container container
COPY linear_learner linear_learner
COPY open_algorithms open_algorithms
RUN python3 -m open_algorithms.learning.engine.native.build \
    && python3 -m compileall -q --invalidation-mode unchecked-hash . && chmod -R a+rX .

FROM ${BASE_IMAGE}
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends python3 libgomp1 libquadmath0 \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/apt /var/log/dpkg.log
# pip installs what a user's own script requires; Debian's file would have it refuse to.
RUN printf '#!/bin/sh\nexec python3 -m pip "$@"\n' > /usr/local/bin/pip3 && chmod +x /usr/local/bin/pip3 \
    && rm /usr/lib/python3.11/EXTERNALLY-MANAGED
COPY --from=packages /packages /usr/local/lib/python3.11/dist-packages
COPY --from=packages /program /opt/program
# The package of the algorithm, whose name is also that of the command line.
ARG ALGORITHM=linear_learner
RUN ln -s /opt/program/train /opt/program/serve /usr/local/bin \
    && printf '%s\n' '#!/usr/bin/python3' 'import sys' 'sys.path[0] = "/opt/program"' \
       'from open_algorithms.commands.main import main' 'sys.exit(main())' > /usr/local/bin/$ALGORITHM \
    && chmod +x /usr/local/bin/$ALGORITHM && "$ALGORITHM" --version
# What a container says is a log, also where it has a terminal, as in the SageMaker SDK's local mode: no bar in it.
ENV ALGORITHM=$ALGORITHM PYTHONUNBUFFERED=1 TERM=dumb
LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true \
    com.amazonaws.sagemaker.capabilities.multi-models=true \
    org.opencontainers.image.title="$ALGORITHM" \
    org.opencontainers.image.description="An open drop-in for an algorithm that is built into Amazon SageMaker" \
    org.opencontainers.image.licenses=Apache-2.0
EXPOSE 8080
ENTRYPOINT ["/opt/program/entrypoint"]
