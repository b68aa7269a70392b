select "$rows".*, o.key as "$path" from t as "$rows" left join objects o on o.evidence_object = "$rows".evidence_object
