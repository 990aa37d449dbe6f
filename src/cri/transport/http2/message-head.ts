/** Bytes before each message of gRPC: whether it is compressed, and its length. Source: PROTOCOL-HTTP2 */
export const messageHeadBytes = 5;
