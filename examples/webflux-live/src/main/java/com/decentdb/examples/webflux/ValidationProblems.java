package com.decentdb.examples.webflux;

import java.util.Map;
import java.util.TreeMap;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ResponseEntity;
import org.springframework.validation.FieldError;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.bind.support.WebExchangeBindException;
import org.springframework.web.reactive.result.method.annotation.ResponseEntityExceptionHandler;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** Tells in a problem which fields were wrong. */
@RestControllerAdvice
class ValidationProblems extends ResponseEntityExceptionHandler {

    @Override
    protected Mono<ResponseEntity<Object>> handleWebExchangeBindException(
            WebExchangeBindException error, HttpHeaders headers, HttpStatusCode status, ServerWebExchange exchange) {
        Map<String, String> fields = new TreeMap<>();
        for (FieldError field : error.getFieldErrors()) {
            fields.put(field.getField(), String.valueOf(field.getDefaultMessage()));
        }
        error.getBody().setProperty("errors", fields);
        return handleExceptionInternal(error, null, headers, status, exchange);
    }
}
